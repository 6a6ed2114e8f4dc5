-- Without the field, nothing is left that Git does not have.
obj.spec.suspend = nil
return obj
