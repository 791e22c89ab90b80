"""Pictures beside the tables: montages, the contact sheet and the one-file report.

:class:`zfocus_model.report.builder.ReportBuilder` makes them all; the colour code is in
:mod:`zfocus_model.report.colours`. Nothing is imported here, so that the doors which need the
colours only (numpy alone) get nothing else.
"""
