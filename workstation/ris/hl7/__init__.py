"""A RIS that speaks HL7 v2 over MLLP: reports out, orders in."""
