"""VAEs over SMILES strings: ChemVAE (arXiv 1610.02415) and the MOSES baseline (arXiv 1811.12823).

ChemVAE is the fixed-length PyTorch reading of the Keras original: the convolutions slide over the
character axis with the string's positions as channels, the dense layers keep one width, and the
last GRU is not teacher-forced.

Shapes: B batch, L characters of a string, V characters of the alphabet, Z latent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from advisor.reference.modules.common import gaussian_sample

# The 35 characters of the ZINC strings in their order (chemical_vae models/zinc/zinc.json); the
# last is the padding.
ZINC_ALPHABET = tuple("76o]3s(-S/B4[)#IlOHc1@=nP8C2F5rN+\\ ")
# The 26 characters of the MOSES set and its four marks.
BEGIN, END, PAD, UNKNOWN = "<bos>", "<eos>", "<pad>", "<unk>"
MOSES_ALPHABET = (*"#()-123456=BCFHNOS[]clnors", BEGIN, END, PAD, UNKNOWN)


def _to_text(indices: Tensor, alphabet: Sequence[str]) -> list[str]:
    """[B, L] indices -> strings, each cut at its end mark, without marks and padding."""
    strings = []
    for row in indices.tolist():
        characters = [alphabet[index] for index in row]
        if END in characters:
            characters = characters[: characters.index(END)]
        strings.append("".join(c for c in characters if len(c) == 1).strip())
    return strings


class Drawing(NamedTuple):
    """One step of drawing a string: scores of the next token, what the decoder remembers, and the
    latent it reads at every step. [B, V], [layers, B, H], [B, Z]."""

    logits: Tensor
    past_key_values: Tensor
    latent: Tensor


class ChemVAE(nn.Module):
    """One-hot SMILES <-> Gaussian latent; the decoder emits all positions in one pass of its GRU.

    Published for ZINC: length 120, 35 characters, latent 196, three GRU layers of 488.
    """

    def __init__(
        self,
        max_len: int = 120,
        charset: int = 35,
        hidden: int = 196,
        latent: int = 196,
        gru: int = 488,
        gru_layers: int = 3,
    ) -> None:
        super().__init__()
        self.max_len = max_len
        self.alphabet = ZINC_ALPHABET[:charset]
        # Kernels 9, 9, 11 shorten the character axis by 26.
        self.encoder = nn.Sequential(
            nn.Conv1d(max_len, 9, 9),
            nn.Tanh(),
            nn.Conv1d(9, 9, 9),
            nn.Tanh(),
            nn.Conv1d(9, 10, 11),
            nn.Tanh(),
            nn.Flatten(),
            nn.Linear(10 * (charset - 26), hidden),
            nn.Tanh(),
        )
        self.mean = nn.Linear(hidden, latent)
        self.log_variance = nn.Linear(hidden, latent)
        self.expand = nn.Linear(latent, hidden)
        self.gru = nn.GRU(hidden, gru, gru_layers, batch_first=True)
        self.to_logits = nn.Linear(gru, charset)

    def encode(self, onehot: Tensor) -> tuple[Tensor, Tensor]:
        """[B, L, V] one-hot rows -> mean and log variance, each [B, Z]."""
        hidden = self.encoder(onehot)
        return self.mean(hidden), self.log_variance(hidden)

    def decode(self, z: Tensor) -> Tensor:
        """[B, Z] -> logits [B, L, V]; the same latent drives every step of the GRU."""
        repeated = torch.tanh(self.expand(z))[:, None].expand(-1, self.max_len, -1)
        return self.to_logits(self.gru(repeated)[0])

    def forward(self, onehot: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One-hot strings -> (logits, mean, log variance); eval mode decodes the mean."""
        mean, log_variance = self.encode(onehot)
        z = gaussian_sample(mean, log_variance) if self.training else mean
        return self.decode(z), mean, log_variance

    def to_smiles(self, logits: Tensor) -> list[str]:
        """Most likely characters of [B, L, V] logits as strings (their chemistry is unchecked)."""
        return _to_text(logits.argmax(-1), self.alphabet)


class MosesVAE(nn.Module):
    """Token string <-> Gaussian latent with a GRU on either side; decodes character by character.

    Published: 30 tokens with embeddings of their own count, encoder GRU 256, latent 128, decoder
    three GRU layers of 512 that see the latent at every step.
    """

    def __init__(
        self,
        charset: int = 30,
        hidden: int = 256,
        latent: int = 128,
        gru: int = 512,
        gru_layers: int = 3,
    ) -> None:
        super().__init__()
        # A smaller alphabet loses characters from the front and keeps the four marks.
        self.alphabet = MOSES_ALPHABET[-charset:]
        self.embed = nn.Embedding(charset, charset, padding_idx=self.alphabet.index(PAD))
        self.encoder = nn.GRU(charset, hidden, batch_first=True)
        self.mean = nn.Linear(hidden, latent)
        self.log_variance = nn.Linear(hidden, latent)
        self.to_state = nn.Linear(latent, gru)
        self.decoder = nn.GRU(charset + latent, gru, gru_layers, batch_first=True)
        self.to_logits = nn.Linear(gru, charset)

    def encode(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """[B, L] int64 tokens -> mean and log variance, each [B, Z]."""
        last = self.encoder(self.embed(tokens))[1][-1]
        return self.mean(last), self.log_variance(last)

    def decode(self, z: Tensor, tokens: Tensor) -> Tensor:
        """[B, Z] and the true string [B, L] -> logits [B, L, V] of each next token."""
        return self._run(z, tokens, self._initial(z))[0]

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Strings -> (teacher-forced logits, mean, log variance); eval mode decodes the mean."""
        mean, log_variance = self.encode(tokens)
        z = gaussian_sample(mean, log_variance) if self.training else mean
        return self.decode(z, tokens), mean, log_variance

    def sample(self, z: Tensor, max_len: int = 57, temperature: float = 1.0) -> list[str]:
        """Draw one string per latent [B, Z], token after token."""
        step, drawn = self.begin(z), []
        for _ in range(max_len):
            drawn.append(torch.multinomial(F.softmax(step.logits / temperature, -1), 1))
            step = self.step(drawn[-1], z, step.past_key_values)
        return _to_text(torch.cat(drawn, dim=1), self.alphabet)

    def begin(self, z: Tensor) -> Drawing:
        """[B, Z] -> the first token's scores."""
        begin = self.alphabet.index(BEGIN)
        token = torch.full((z.shape[0], 1), begin, dtype=torch.long, device=z.device)
        return self.step(token, z, self._initial(z))

    def step(self, token: Tensor, z: Tensor, state: Tensor) -> Drawing:
        """The last token [B, 1], latent and state -> the next token's scores."""
        logits, state = self._run(z, token, state)
        return Drawing(logits[:, -1], state, z)

    def to_smiles(self, logits: Tensor) -> list[str]:
        """Most likely tokens of [B, L, V] logits as strings, up to the end mark."""
        return _to_text(logits.argmax(-1), self.alphabet)

    def _initial(self, z: Tensor) -> Tensor:
        return self.to_state(z).expand(self.decoder.num_layers, -1, -1).contiguous()

    def _run(self, z: Tensor, tokens: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        latent = z[:, None].expand(-1, tokens.shape[1], -1)
        hidden, state = self.decoder(torch.cat([self.embed(tokens), latent], dim=-1), state)
        return self.to_logits(hidden), state
