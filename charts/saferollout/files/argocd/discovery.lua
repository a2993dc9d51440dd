local open, back = is_open(), release ~= nil and release.rollback ~= nil
local paused = open and release.paused ~= nil
return {
  pause = {disabled = not open or paused, iconClass = "fa fa-fw fa-pause", displayName = "Pause the release"},
  resume = {disabled = not paused, iconClass = "fa fa-fw fa-play", displayName = "Resume the release"},
  approve = {disabled = subject() == nil, iconClass = "fa fa-fw fa-check", displayName = "Approve " .. (subject() or "what waits")},
  abort = {disabled = not open or back, iconClass = "fa fa-fw fa-stop", displayName = "Abort and go back"},
  rollback = {disabled = back or not has_rolled(), iconClass = "fa fa-fw fa-undo", displayName = "Go back to what ran before"},
  retry = {disabled = not has_failed(), iconClass = "fa fa-fw fa-redo", displayName = "Try the failed template again"},
}
