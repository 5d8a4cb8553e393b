"""The rules that national profiles of CAP add: IPAWS, CAP-CP, CAP-AU."""
