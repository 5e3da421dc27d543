"""crop_and_resize: its rules, calls, oracle, faults and cases."""
