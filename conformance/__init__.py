"""A specification of RoIAlign in numbered rules, golden cases with exact results, and a harness that runs any implementation.

``SPECIFICATION.md`` holds the rules, ``cases/`` the golden cases, ``adapters/`` one file for each known implementation.
"""
