"""Indicators: Measure resources, what they ask, and the MeasureReport that answers.

https://hl7.org/fhir/R4/measure.html, https://hl7.org/fhir/R4/clinicalreasoning-quality-reporting.html
"""
