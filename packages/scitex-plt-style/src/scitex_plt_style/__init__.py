"""One matplotlib style: colour-blind safe colours and figures measured in millimetres."""
