local actions = {}
actions["reconcile"] = { ["disabled"] = false }
return actions
