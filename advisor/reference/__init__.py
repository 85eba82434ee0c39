"""Reference implementations: published architectures as torch modules, run stage by stage."""
