"""The Lua side of the sandbox: what scripts may see, and how they are run; it refuses to let them at anything else."""

PRELUDE = rb"""
local host = ...
local G = _G
local getinfo, sethook, setfenv = debug.getinfo, debug.sethook, setfenv
local error, type, tostring, pairs, next, rawget, rawset = error, type, tostring, pairs, next, rawget, rawset
local getmetatable, setmetatable, unpack, xpcall, pcall = getmetatable, setmetatable, unpack, xpcall, pcall
local loadstring, select, sub, concat, newproxy = loadstring, select, string.sub, table.concat, newproxy

-- tables nobody can change: scripts see an empty one in front of each

local real = setmetatable({}, {__mode = 'k'})
local READONLY = 'Attempt to modify a readonly table'
local function refuse() error(READONLY, 2) end

local function protect(inner)
  local front = {}
  real[front] = inner
  local meta = {}
  real[meta] = {__index = inner}
  setmetatable(meta, {__index = {__index = setmetatable({}, {__newindex = refuse, __metatable = false})},
                      __newindex = refuse, __metatable = false})
  return setmetatable(front, {__index = inner, __newindex = refuse, __metatable = meta})
end

local function unprotected(t)
  if real[t] then error(READONLY, 3) end
  return t
end

-- errors

local function where()
  for level = 3, 12 do
    local i = getinfo(level, 'Sl')
    if not i then return end
    if i.what ~= 'C' and i.what ~= 'tail' and i.source ~= '@sandbox' then return i end
  end
end

local function as_error(failure)
  local raised = failure
  if type(raised) ~= 'table' then
    raised = {err = 'ERR ' .. tostring(raised)}
  end
  local i = where()
  if i and rawget(raised, 'source') == nil then
    rawset(raised, 'source', i.source)
    rawset(raised, 'line', i.currentline)
  end
  return raised
end

local function failed(text, level)
  error(text, (level or 1) + 1)
end

-- replies out: lists are made by the host, so that no metatable is asked

local make_list, append, make_reply = host.make_list, host.append, host.make_reply
local DEPTH = 200

local function out(value, depth)
  local kind = type(value)
  if kind == 'string' or kind == 'number' or kind == 'boolean' then return value end
  if kind ~= 'table' then return nil end
  if depth > DEPTH then return make_reply('err', 'ERR reached lua stack limit') end
  value = real[value] or value
  local special = rawget(value, 'err')
  if type(special) == 'string' then return make_reply('err', special) end
  special = rawget(value, 'ok')
  if type(special) == 'string' then return make_reply('ok', special) end
  special = rawget(value, 'double')
  if type(special) == 'number' then return make_reply('double', special) end
  special = rawget(value, 'big_number')
  if type(special) == 'string' then return make_reply('big_number', special) end
  special = rawget(value, 'verbatim_string')
  if type(special) == 'table' then
    local text, form = rawget(special, 'string'), rawget(special, 'format')
    if type(text) == 'string' and type(form) == 'string' then return make_reply('verbatim_string', text, form) end
  end
  special = rawget(value, 'map')
  if type(special) == 'table' then
    local list = make_list()
    for k, v in next, special do
      append(list, out(k, depth + 1))
      append(list, out(v, depth + 1))
    end
    return make_reply('map', list)
  end
  special = rawget(value, 'set')
  if type(special) == 'table' then
    local list = make_list()
    for k in next, special do append(list, out(k, depth + 1)) end
    return make_reply('set', list)
  end
  local list = make_list()
  local at = 1
  while true do
    local element = rawget(value, at)
    if element == nil then return list end
    append(list, out(element, depth + 1))
    at = at + 1
  end
end

-- the API

local redis = {}
local call, tick = host.call, host.tick

local function invoke(raises, ...)
  local count = select('#', ...)
  local reply, failure
  if count < 100 then reply, failure = call(...) else reply, failure = host.call_many({...}, count) end
  if failure == nil then return reply end
  local i = where()
  local raised = {err = failure}
  if i then raised.source, raised.line = i.source, i.currentline end
  if host.is_broken_off() then error(raised, 0) end
  if raises then error(raised, 0) end
  return raised
end

function redis.call(...) return invoke(true, ...) end
function redis.pcall(...) return invoke(false, ...) end

function redis.log(...)
  if select('#', ...) < 2 then failed('redis.log() requires two arguments or more.', 2) end
  if type((...)) ~= 'number' then failed('First argument must be a number (log level).', 2) end
  if (...) < 0 or (...) > 3 then failed('Invalid log level.', 2) end
end
redis.LOG_DEBUG, redis.LOG_VERBOSE, redis.LOG_NOTICE, redis.LOG_WARNING = 0, 1, 2, 3

function redis.sha1hex(...)
  if select('#', ...) ~= 1 then failed('wrong number of arguments', 2) end
  return host.sha1hex(tostring((...)))
end

local function single_field(field, ...)
  if select('#', ...) ~= 1 or type((...)) ~= 'string' then failed('wrong number or type of arguments', 3) end
  return {[field] = (...)}
end

function redis.error_reply(...)
  local reply = single_field('err', ...)
  local text = reply.err
  if sub(text, 1, 1) == '-' then text = sub(text, 2) end
  if not string.find(text, ' ', 1, true) then text = 'ERR ' .. text end
  reply.err = text
  return reply
end

function redis.status_reply(...) return single_field('ok', ...) end

function redis.setresp(...)
  if select('#', ...) ~= 1 then failed('redis.setresp() requires one argument.', 2) end
  local version = ...
  if version ~= 2 and version ~= 3 then failed('RESP version must be 2 or 3.', 2) end
  host.setresp(version)
end

redis.REPL_NONE, redis.REPL_SLAVE, redis.REPL_REPLICA, redis.REPL_AOF, redis.REPL_ALL = 0, 2, 2, 1, 3
function redis.set_repl(...)
  if select('#', ...) ~= 1 then failed('redis.set_repl() requires one argument.', 2) end
  local flags = ...
  if type(flags) ~= 'number' or flags < 0 or flags > 3 then
    failed('Invalid replication flags. Please use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.', 2)
  end
  if flags ~= 3 then failed('redis.set_repl() is not supported: effects are always kept whole', 2) end
end
function redis.replicate_commands() return true end
function redis.breakpoint() return false end
function redis.debug() end

function redis.acl_check_cmd(...)
  if select('#', ...) == 0 then failed('Please specify at least one argument for this redis.acl_check_cmd() call', 2) end
  local allowed, failure = host.acl_check_cmd(...)
  if failure then error({err = failure}, 0) end
  return allowed
end

redis.REDIS_VERSION, redis.REDIS_VERSION_NUM = host.version, host.version_number

-- libraries

local function guarded(inner, names)
  local copy = {}
  for k, v in pairs(inner) do copy[k] = v end
  for _, name in pairs(names) do
    local original = inner[name]
    copy[name] = function(t, ...)
      if real[t] then error(READONLY, 2) end
      return original(t, ...)
    end
  end
  return copy
end

local inner_table = guarded(table, {'insert', 'remove', 'sort'})

local math_copy = {}
for k, v in pairs(math) do math_copy[k] = v end
function math_copy.random(...)
  local low, high = ...
  if select('#', ...) == 0 then return host.random() end
  if high == nil then low, high = 1, low end
  if type(low) ~= 'number' or type(high) ~= 'number' then failed("bad argument #1 to 'random' (number expected)", 2) end
  if low > high then failed("bad argument #1 to 'random' (interval is empty)", 2) end
  return math.floor(host.random() * (math.floor(high) - math.floor(low) + 1)) + math.floor(low)
end
function math_copy.randomseed(seed)
  if tonumber(seed) == nil then failed("bad argument #1 to 'randomseed' (number expected)", 2) end
  host.randomseed(tonumber(seed))
end

local hook
local function hooked(thread)
  sethook(thread, hook, '', host.is_killed() and 1 or 10000)
  return thread
end
local coroutine_copy = {}
for k, v in pairs(coroutine) do coroutine_copy[k] = v end
local create, resume = coroutine.create, coroutine.resume
function coroutine_copy.create(f) return hooked(create(f)) end
local function passed(ok, ...)
  if ok then return ... end
  error((...), 0)
end
function coroutine_copy.wrap(f)
  local thread = hooked(create(f))
  return function(...) return passed(resume(thread, ...)) end
end

local string_copy = {}
for k, v in pairs(string) do string_copy[k] = v end
getmetatable('').__metatable = false

local function library(functions)
  local made = {}
  for _, name in pairs(host.names(functions)) do
    local f = host.function_of(functions, name)
    made[name] = function(...)
      local ok, a, b, c, d = f(...)
      if ok == 'many' then return unpack(a, 1, b) end
      if not ok then failed(a, 2) end
      return a
    end
  end
  return made
end

local bit = library('bit')
local struct = library('struct')

-- what scripts see

local visible = {
  _VERSION = _VERSION, assert = assert, error = error, ipairs = ipairs, select = select,
  tonumber = tonumber, tostring = tostring, type = type, unpack = unpack, gcinfo = gcinfo,
  rawequal = rawequal,
}

local function protected(ok, first, ...)
  if not ok and type(first) == 'table' then
    local text = rawget(first, 'err')
    if type(text) == 'string' or type(text) == 'number' then return false, text end
  end
  return ok, first, ...
end
function visible.pcall(...)
  if select('#', ...) == 0 then failed("bad argument #1 to 'pcall' (value expected)", 2) end
  return protected(pcall(...))
end

-- nothing looks at the stack of what failed: a handler that never ended could not be stopped where it failed

local function handled(handler, ok, ...)
  if ok then return true, ... end
  local _, result = pcall(handler, (...))
  return false, result
end
function visible.xpcall(...)
  if select('#', ...) < 2 then failed("bad argument #2 to 'xpcall' (value expected)", 2) end
  local f, handler = ...
  return handled(handler, pcall(f))
end

-- a finalizer runs where nothing can stop it

local function no_finalizer(inner)
  return setmetatable({}, {__index = inner, __metatable = false, __newindex = function(_, name, value)
    if name == '__gc' then error('finalizers are not allowed', 2) end
    rawset(inner, name, value)
  end})
end
function visible.newproxy(...)
  local proxy = newproxy(...)
  local inner = (...) == true and getmetatable(proxy)
  if inner then inner.__metatable = no_finalizer(inner) end
  return proxy
end

function visible.next(t, k) return next(real[t] or t, k) end
function visible.pairs(t)
  if type(t) ~= 'table' then failed("bad argument #1 to 'pairs' (table expected, got " .. type(t) .. ")", 2) end
  return next, real[t] or t, nil
end
function visible.rawget(t, k) return rawget(real[t] or t, k) end
function visible.rawset(t, k, v) return rawset(unprotected(t), k, v) end
function visible.setmetatable(t, m) return setmetatable(unprotected(t), m) end
visible.getmetatable = getmetatable
function visible.collectgarbage(what)
  if what == 'count' then return collectgarbage('count') end
  if what == nil or what == 'collect' or what == 'step' then return collectgarbage('collect') end
  return 0
end

local environment
local function compiled(text, name)
  if type(text) ~= 'string' then failed("bad argument #1 to 'loadstring' (string expected)", 3) end
  if sub(text, 1, 1) == '\27' then return nil, 'attempt to load a binary chunk' end
  local made, failure = loadstring(text, name or text)
  if made then setfenv(made, environment) end
  return made, failure
end
function visible.loadstring(text, name) return compiled(text, name) end
function visible.load(reader, name)
  local pieces = {}
  while true do
    local piece = reader()
    if piece == nil or piece == '' then break end
    pieces[#pieces + 1] = piece
  end
  return compiled(concat(pieces), name or '=(load)')
end

visible.redis = protect(redis)
visible.string = protect(string_copy)
visible.table = protect(inner_table)
visible.math = protect(math_copy)
visible.coroutine = protect(coroutine_copy)
visible.os = protect({clock = os.clock})
visible.bit = protect(bit)
visible.struct = protect(struct)

local function missing(_, name)
  error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
end

setmetatable(visible, {__index = missing})
environment = protect(visible)
rawset(visible, '_G', environment)

-- running

hook = function()
  if tick() then
    sethook(hook, '', 1)
    local i = getinfo(2, 'S')
    if i and i.source == '@sandbox' then return end
    error(host.kill_text(), 0)
  end
end

local sandbox = {protect = protect, visible = visible, environment = environment, redis = redis, missing = missing}
sandbox.hook, sandbox.failed, sandbox.real = hook, failed, real

function sandbox.compile(text, name)
  local made, failure = loadstring(text, name)
  if made then setfenv(made, environment) end
  return made, failure
end

local function finish(ok, result)
  sethook()
  if ok and host.is_killed() then ok, result = false, host.kill_text() end
  if not ok then
    if type(result) ~= 'table' then result = {err = 'ERR ' .. tostring(result)} end
    local text = rawget(result, 'err')
    if type(text) == 'table' or type(text) == 'userdata' then text = type(text) end -- not by a function of its own
    return false, tostring(text), rawget(result, 'source'), rawget(result, 'line')
  end
  return true, out(result, 0)
end

function sandbox.run(f, ...)
  sethook(hook, '', 10000)
  local arguments = {...}
  return finish(xpcall(function() return f(unpack(arguments)) end, as_error))
end

function sandbox.eval(f, keys, argv)
  rawset(visible, 'KEYS', keys)
  rawset(visible, 'ARGV', argv)
  sethook(hook, '', 10000)
  return finish(xpcall(f, as_error))
end

return sandbox
"""
