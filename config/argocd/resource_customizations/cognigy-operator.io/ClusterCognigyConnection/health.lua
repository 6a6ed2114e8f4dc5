-- Only Healthy lets the next sync wave begin, and Degraded fails a sync. So what the operator retries by itself is Progressing.
if obj.metadata.deletionTimestamp ~= nil then
  return { status = "Progressing", message = "The resource is being deleted" }
end
local status = obj.status
if status == nil or status.conditions == nil or status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "The operator has not seen the resource as it is now" }
end
local conditions = {}
for _, condition in ipairs(status.conditions) do
  conditions[condition.type] = condition
end
if conditions.Stalled ~= nil and conditions.Stalled.status == "True" then
  return { status = "Degraded", message = conditions.Stalled.message }
end
if conditions.Ready == nil then
  return { status = "Progressing", message = "The operator has not reported whether the connection works" }
end
if conditions.Ready.status == "True" then
  return { status = "Healthy", message = conditions.Ready.message }
end
return { status = "Progressing", message = conditions.Ready.message }
