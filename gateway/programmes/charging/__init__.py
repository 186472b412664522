"""What a programme pays: packages for patients, grants to structures, and their statement.

Amounts, periods of validity and rules are ChargeItemDefinition resources
(https://hl7.org/fhir/R4/chargeitemdefinition.html); nothing here knows a programme.
"""
