//! The route seam: a streaming reverse proxy to an upstream, under rules that neither side can talk its way around.
