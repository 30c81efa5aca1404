"""The helpers of dcc_mcp_core.skill, where the package dcc-mcp-core is not installed."""
from collet_skill import run_main, skill_entry, skill_error, skill_exception, skill_success, skill_warning

__all__ = ["run_main", "skill_entry", "skill_error", "skill_exception", "skill_success", "skill_warning"]
