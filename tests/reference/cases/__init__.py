"""Cases of the hand-written modules, one file per kind of output."""

from tests.reference.cases.audio import AUDIO
from tests.reference.cases.autoencoders import AUTOENCODERS
from tests.reference.cases.geometry import GEOMETRY
from tests.reference.cases.images import IMAGES
from tests.reference.cases.molecules import MOLECULES

CASES = [*AUDIO, *GEOMETRY, *IMAGES, *AUTOENCODERS, *MOLECULES]
