"""What it takes to serve: offers, queueing, fleets, ownership, hosted APIs. Pure functions, USD."""
