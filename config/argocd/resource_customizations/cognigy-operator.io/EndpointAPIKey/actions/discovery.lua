local suspended = obj.spec.suspend == true
local deleting = obj.metadata.deletionTimestamp ~= nil
local actions = {}
actions["rotate"] = { ["disabled"] = suspended or deleting }
actions["reconcile"] = { ["disabled"] = suspended }
actions["suspend"] = { ["disabled"] = suspended }
actions["resume"] = { ["disabled"] = not suspended }
return actions
