"""The web form. It calls the public API only, and nothing imports it but the command line."""
