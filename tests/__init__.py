"""Tests of the hub, one folder per component plus those that cut across them."""
