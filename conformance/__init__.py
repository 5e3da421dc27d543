"""What RoI operators must compute, in numbered rules; golden cases with exact results; a harness that runs any implementation.

``SPECIFICATION.md`` and the chapters that it names hold the rules, ``operators/`` all that is known of each, ``adapters/`` a file
for each known library. Most of it is used by the command `roikit`; what an adapter of your own needs is said by
`roikit.conformance.implementation`.
"""
