"""What a person may do next with a dispute: the steps of the workflow from where it stands, in words."""

from collections.abc import Mapping

from schemas.codes import CODES, choices
from schemas.workflow import WORKFLOW
from sync.codes import Detail

_EVERYBODY = frozenset(CODES["role"])


def next_steps(shown: Mapping[str, object] | None, roles: frozenset[str]) -> Detail:
    """The steps from what is shown of a dispute (None: it is not there yet) that somebody in these roles may take.
    Where no role is known, those that anybody may."""
    if shown is None:
        start = _named("status", [WORKFLOW.start])
        return Detail(f"新登记的应为 {start.zh}", f"a new one starts as {start.en}")
    held = roles or _EVERYBODY
    now, statuses = _named("status", [str(shown.get("status"))]), _named("status", WORKFLOW.next_statuses(shown, held))
    back, tiers = _named("status", [WORKFLOW.escalation.to]), _named("tier", WORKFLOW.next_tiers(shown, held))
    zh, en = [f"现在是 {now.zh}"], [f"it is {now.en}"]
    if statuses.zh:
        zh, en = [*zh, f"可改为 {statuses.zh}"], [*en, f"it can become {statuses.en}"]
    if tiers.zh:
        zh = [*zh, f"可转到层级 {tiers.zh}，状态为 {back.zh}"]
        en = [*en, f"it can go to the tier {tiers.en}, as {back.en}"]
    if not statuses.zh and not tiers.zh:
        zh, en = [*zh, "从这里您没有可做的变更"], [*en, "there is no step from here for you"]
    elif held.isdisjoint(WORKFLOW.assigners):
        assigners = [CODES["role"][role] for role in CODES["role"] if role in WORKFLOW.assigners]
        zh = [*zh, f"只有{'、'.join(each.zh for each in assigners)}可以指定承办"]
        en = [*en, f"only {', '.join(each.en for each in assigners)} may assign it"]
    return Detail("；".join(zh), "; ".join(en))


def _named(codes: str, names: list[str]) -> Detail:
    known = [CODES[codes][name] for name in names if name in CODES[codes]]
    return Detail(choices(known, "zh"), choices(known, "en"))
