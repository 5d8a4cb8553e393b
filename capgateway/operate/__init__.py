"""What changes what is stored without any new alert: a new policy, an upgrade, and the operator's hand."""

from capgateway.operate.operate import Operate

__all__ = ["Operate"]
