"""The JSON API. Every answer comes from the same calls of the library as the pages.

An endpoint is declared once (:mod:`viewer.api.endpoint`); its rule and its part of the OpenAPI document come from that.
"""
