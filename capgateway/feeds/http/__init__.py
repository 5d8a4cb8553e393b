"""Ask a source over HTTP: one answer, its headers, its certificate, and the limits of each host."""
