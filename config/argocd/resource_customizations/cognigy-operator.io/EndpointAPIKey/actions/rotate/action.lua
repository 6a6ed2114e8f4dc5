-- Replaces the key if it was issued before now. The replaced key works until spec.rotation.overlap is over.
local os = require("os")
if obj.metadata.annotations == nil then
  obj.metadata.annotations = {}
end
obj.metadata.annotations["cognigy-operator.io/rotate-requested-at"] = os.date("!%Y-%m-%dT%H:%M:%SZ")
return obj
