"""What ``feeds check`` finds: fetch once, store nothing, and advise."""
