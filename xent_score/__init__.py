"""Losses of a data set: `xent score` and `xent compare` without the command line.

Files are read in blocks of bounded size, each part of a data set is computed by one process, and its rows are written
before its commit marker, so that an interrupted run resumes.
"""
