-- What Argo CD shows for a SafeRollout. Every sentence is the operator's own: this script only maps states (docs/argocd.md).
local status = obj.status
if status == nil or status.summary == nil or status.observedGeneration ~= obj.metadata.generation then
  return {status = "Progressing", message = "the operator has not looked at this spec yet"}
end

local found = {}
for _, condition in ipairs(status.conditions or {}) do
  found[condition.type] = condition
end
local ready, stalled, plan = found["Ready"] or {}, found["Stalled"] or {}, found["PlanAccepted"] or {}

-- A waiting release is held: by order, a proof, a gate or a person. Only what is about to go on by itself is Progressing.
local waiting = "Suspended"
if (status.summary.waitingFor or "") == "" then
  waiting = "Progressing"
end
local by_state = {
  Idle = "Healthy", Completed = "Healthy",
  Settling = "Progressing", Progressing = "Progressing", Waiting = waiting,
  AwaitingApproval = "Suspended", Paused = "Suspended",
  RollingBack = "Degraded", RolledBack = "Degraded", Failed = "Degraded", Refused = "Degraded",
}
local health = by_state[status.summary.state] or "Unknown"

local sentence = ready.message or status.summary.message
if status.summary.state == "Refused" and plan.status == "False" then
  sentence = plan.message  -- with the repair
end

-- Stuck in any other state. A gate that can't tell waits for a person; the rest is broken.
if stalled.status == "True" and health ~= "Degraded" then
  health = "Degraded"
  if stalled.reason == "GateWithoutVerdict" then
    health = "Suspended"
  end
end
return {status = health, message = sentence}
