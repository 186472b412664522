-- wrk's side of http_load.py: `read PATIENTS BODY` or `create PATIENTS BODY`.
local kind, patients, body
local number = 0

function init(args)
   kind, patients = args[1], tonumber(args[2])
   local file = io.open(args[3], "rb")
   body = file:read("*a")
   file:close()
   number = os.time() * 1000000
end

function request()
   number = number + 1
   if kind == "read" then
      local path = "/fhir/Patient/bench-" .. (number % patients)
      return wrk.format("GET", path, { Accept = "application/fhir+json" })
   end
   local head = { ["Content-Type"] = "application/fhir+json", Accept = "application/fhir+json" }
   local sent = body:gsub("@NUMBER@", string.format("%d", number))
   return wrk.format("POST", "/fhir/Patient", head, sent)
end
