-- What may be said to a release now, and how: shared by the discovery and by every action (there is no string library here).
local os = require("os")
local status = obj.status or {}
local release = status.release

local function is_open()
  return release ~= nil and release.endTime == nil
end

local function has_rolled()
  for _, target in ipairs(release ~= nil and release.targets or {}) do
    if target.rolled then return true end
  end
  return false
end

local function has_failed()
  for _, workload in ipairs(status.workloads or {}) do
    if (workload.failedHash or "") ~= "" then return true end
  end
  return false
end

-- The only thing that waits for an approval; with several of them a click could not say which.
local function subject()
  local found = {}
  for _, step in ipairs(is_open() and release.steps or {}) do
    if step.state == "Waiting" and (step.kind == "Prove" or step.kind == "Approve") then
      table.insert(found, "Prove/" .. (step.contract or "") .. "/" .. (step.version or ""))
    end
  end
  for _, gate in ipairs(is_open() and status.gates or {}) do
    if gate.verdict == "Inconclusive" or (gate.verdict == "Failing" and not release.preflightDone) then
      table.insert(found, "gate/" .. gate.name)
    end
  end
  if #found == 1 then return found[1] end
  return nil
end

-- Write the command as the saferollout command does: bound to the release that is shown, so that a late click hits no other.
local function say(verb, about)
  local id = release ~= nil and release.id or ""
  local body = '{"id":"argocd-' .. verb .. '-' .. id .. '-' .. os.time() .. '","by":"Argo CD","reason":"an action in Argo CD"'
  body = body .. ',"release":"' .. id .. '","subject":"' .. (about or "") .. '","time":"' .. os.date("!%Y-%m-%dT%H:%M:%SZ") .. '"}'
  if obj.metadata.annotations == nil then
    obj.metadata.annotations = {}
  end
  obj.metadata.annotations["command.saferollout.io/" .. verb] = body
  return obj
end
