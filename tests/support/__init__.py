"""Small helpers of the tests: clients, ports, waiting."""
