-- wrk's side of http_load.py: `METHOD PATHS [BODY]`, both files; see there for what is put in.
local method, paths, body = nil, {}, nil
local number = 0

function init(args)
   method = args[1]
   for line in io.lines(args[2]) do paths[#paths + 1] = line end
   if args[3] then
      local file = io.open(args[3], "rb")
      body = file:read("*a")
      file:close()
   end
   number = os.time() * 1000000
end

function request()
   number = number + 1
   local path = paths[number % #paths + 1]
   local head = { Accept = "application/fhir+json" }
   if not body then return wrk.format(method, path, head) end
   head["Content-Type"] = "application/fhir+json"
   local sent = body:gsub("@NUMBER@", string.format("%d", number))
   sent = sent:gsub("@TURN@", string.format("%d", number % 200))
   sent = sent:gsub("@ID@", path:match("[^/]+$"))
   return wrk.format(method, path, head, sent)
end
