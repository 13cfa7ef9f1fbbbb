"""cjson in Lua, for it walks through tables; it refuses what the original refuses."""

JSON = rb"""
local sandbox, host = ...
local failed, real = sandbox.failed, sandbox.real
local type, next, tostring, tonumber, rawget = type, next, tostring, tonumber, rawget
local format, gsub, find, sub, byte, char, concat = string.format, string.gsub, string.find, string.sub, string.byte, string.char, table.concat
local floor, huge = math.floor, math.huge

local null = newproxy()
local cjson = {null = null, _NAME = 'cjson', _VERSION = '2.1.0'}
local settings = {encode_max = 1000, decode_max = 1000, invalid_encode = false, invalid_decode = true,
                  sparse_convert = false, sparse_ratio = 2, sparse_safe = 10, precision = 14, keep = true, as_array = false}

local ESCAPES = {['"'] = '\\"', ['\\'] = '\\\\', ['/'] = '\\/', ['\b'] = '\\b', ['\f'] = '\\f', ['\n'] = '\\n',
                 ['\r'] = '\\r', ['\t'] = '\\t'}
local function escaped(c) return ESCAPES[c] or format('\\u%04x', byte(c)) end
local function quoted(text) return '"' .. gsub(text, '[%c"\\/\127%z]', escaped) .. '"' end

local function number_text(value)
  if value ~= value or value == huge or value == -huge then
    if not settings.invalid_encode then return nil, 'Cannot serialise number: must not be NaN or Inf' end
    if settings.invalid_encode == 'null' then return 'null' end
    return value ~= value and '-nan' or (value > 0 and 'inf' or '-inf')
  end
  return format('%.' .. settings.precision .. 'g', value)
end

local function array_length(t)
  local highest, items = 0, 0
  for k in next, t do
    if type(k) ~= 'number' or k < 1 or floor(k) ~= k then return nil end
    if k > highest then highest = k end
    items = items + 1
  end
  if settings.sparse_ratio > 0 and highest > items * settings.sparse_ratio and highest > settings.sparse_safe then
    if not settings.sparse_convert then return nil, 'Cannot serialise table: excessively sparse array' end
    return nil
  end
  return highest
end

local encode
local function encode_table(t, depth, pieces)
  if depth > settings.encode_max then return 'Cannot serialise, excessive depth (' .. depth .. ')' end
  t = real[t] or t
  local length, failure = array_length(t)
  if failure then return failure end
  if length and length > 0 then
    pieces[#pieces + 1] = '['
    for at = 1, length do
      if at > 1 then pieces[#pieces + 1] = ',' end
      failure = encode(rawget(t, at), depth, pieces)
      if failure then return failure end
    end
    pieces[#pieces + 1] = ']'
    return
  end
  if length == 0 and settings.as_array then
    pieces[#pieces + 1] = '[]'
    return
  end
  pieces[#pieces + 1] = '{'
  local first = true
  for k, v in next, t do
    if not first then pieces[#pieces + 1] = ',' end
    first = false
    if type(k) == 'number' then
      local text, wrong = number_text(k)
      if wrong then return wrong end
      pieces[#pieces + 1] = '"' .. text .. '":'
    elseif type(k) == 'string' then
      pieces[#pieces + 1] = quoted(k) .. ':'
    else
      return 'Cannot serialise ' .. type(k) .. ': table key must be a number or string'
    end
    failure = encode(v, depth, pieces)
    if failure then return failure end
  end
  pieces[#pieces + 1] = '}'
end

encode = function(value, depth, pieces)
  local kind = type(value)
  if kind == 'string' then
    pieces[#pieces + 1] = quoted(value)
  elseif kind == 'number' then
    local text, failure = number_text(value)
    if failure then return failure end
    pieces[#pieces + 1] = text
  elseif kind == 'boolean' then
    pieces[#pieces + 1] = tostring(value)
  elseif value == nil or value == null then
    pieces[#pieces + 1] = 'null'
  elseif kind == 'table' then
    return encode_table(value, depth + 1, pieces)
  else
    return 'Cannot serialise ' .. kind .. ': type not supported'
  end
end

function cjson.encode(...)
  if select('#', ...) ~= 1 then failed("bad argument #1 to 'encode' (expected 1 argument)", 2) end
  local pieces = {}
  local failure = encode((...), 0, pieces)
  if failure then failed(failure, 2) end
  return concat(pieces)
end

local function utf8(code)
  if code < 0x80 then return char(code) end
  if code < 0x800 then return char(0xC0 + floor(code / 64), 0x80 + code % 64) end
  if code < 0x10000 then return char(0xE0 + floor(code / 4096), 0x80 + floor(code / 64) % 64, 0x80 + code % 64) end
  return char(0xF0 + floor(code / 262144), 0x80 + floor(code / 4096) % 64, 0x80 + floor(code / 64) % 64, 0x80 + code % 64)
end

local UNESCAPES = {b = '\b', f = '\f', n = '\n', r = '\r', t = '\t', ['"'] = '"', ['\\'] = '\\', ['/'] = '/'}
local NUMBER = '^-?%d+%.?%d*[eE]?[+-]?%d*'
local WORDS = {{'true', true}, {'false', false}, {'null', null}}

local function expected(what, found, at)
  return 'Expected ' .. what .. ' but found ' .. found .. ' at character ' .. at
end

local function token(text, at)
  local c = sub(text, at, at)
  if c == '' then return 'T_END' end
  if c == '{' then return 'T_OBJ_BEGIN' elseif c == '}' then return 'T_OBJ_END' end
  if c == '[' then return 'T_ARR_BEGIN' elseif c == ']' then return 'T_ARR_END' end
  if c == ',' then return 'T_COMMA' elseif c == ':' then return 'T_COLON' end
  if c == '"' then return 'T_STRING' end
  return 'invalid token'
end

local function skip(text, at) return find(text, '[^ \t\r\n]', at) or #text + 1 end

local function decode_string(text, at)
  local pieces, start = {}, at + 1
  local from = start
  while true do
    local stop = find(text, '["\\%c]', from)
    if not stop then return nil, expected('string', 'unexpected end of string', #text + 1) end
    local c = sub(text, stop, stop)
    pieces[#pieces + 1] = sub(text, from, stop - 1)
    if c == '"' then return concat(pieces), stop + 1 end
    if c ~= '\\' then
      if c == '\127' then
        pieces[#pieces + 1] = c
        from = stop + 1
      else
        return nil, expected('value', 'invalid token', stop)
      end
    else
      local e = sub(text, stop + 1, stop + 1)
      if e == 'u' then
        local hex = string.match(text, '^%x%x%x%x', stop + 2)
        if not hex then return nil, expected('value', 'invalid unicode escape code', stop) end
        local code = tonumber(hex, 16)
        from = stop + 6
        if code >= 0xD800 and code < 0xDC00 then
          local low = string.match(text, '^\\u(%x%x%x%x)', from)
          local second = low and tonumber(low, 16) or 0
          if second < 0xDC00 or second > 0xDFFF then
            return nil, expected('value', 'invalid unicode escape code', stop)
          end
          code = 0x10000 + (code - 0xD800) * 1024 + (second - 0xDC00)
          from = from + 6
        end
        pieces[#pieces + 1] = utf8(code)
      elseif UNESCAPES[e] then
        pieces[#pieces + 1] = UNESCAPES[e]
        from = stop + 2
      else
        return nil, expected('value', 'invalid escape code', stop)
      end
    end
  end
end

local decode

local function decode_object(text, at, depth)
  local made = {}
  at = skip(text, at + 1)
  if sub(text, at, at) == '}' then return made, at + 1 end
  while true do
    if sub(text, at, at) ~= '"' then return nil, expected('object key string', token(text, at), at) end
    local key, after = decode_string(text, at)
    if key == nil then return nil, after end
    at = skip(text, after)
    if sub(text, at, at) ~= ':' then return nil, expected('colon', token(text, at), at) end
    local value, place = decode(text, skip(text, at + 1), depth)
    if type(place) == 'string' then return nil, place end
    made[key] = value
    at = skip(text, place)
    local c = sub(text, at, at)
    if c == '}' then return made, at + 1 end
    if c ~= ',' then return nil, expected('comma or object end', token(text, at), at) end
    at = skip(text, at + 1)
  end
end

local function decode_array(text, at, depth)
  local made, count = {}, 0
  at = skip(text, at + 1)
  if sub(text, at, at) == ']' then return made, at + 1 end
  while true do
    local value, place = decode(text, at, depth)
    if type(place) == 'string' then return nil, place end
    count = count + 1
    made[count] = value
    at = skip(text, place)
    local c = sub(text, at, at)
    if c == ']' then return made, at + 1 end
    if c ~= ',' then return nil, expected('comma or array end', token(text, at), at) end
    at = skip(text, at + 1)
  end
end

decode = function(text, at, depth)
  local c = sub(text, at, at)
  if c == '"' then return decode_string(text, at) end
  if c == '{' or c == '[' then
    depth = depth + 1
    if depth > settings.decode_max then
      return nil, 'Found too many nested data structures (' .. depth .. ')'
    end
    if c == '{' then return decode_object(text, at, depth) end
    return decode_array(text, at, depth)
  end
  for _, word in next, WORDS do
    if sub(text, at, at + #word[1] - 1) == word[1] then return word[2], at + #word[1] end
  end
  local first, last = find(text, NUMBER, at)
  if first then
    local value = tonumber(sub(text, first, last))
    if value then return value, last + 1 end
  end
  if settings.invalid_decode then
    local a, b = find(text, '^[+-]?[nN][aA][nN]', at)
    if a then return 0 / 0, b + 1 end
    a, b = find(text, '^[+-]?[iI][nN][fF]', at)
    if a then return sub(text, at, at) == '-' and -huge or huge, b + 1 end
  end
  return nil, expected('value', token(text, at), at)
end

function cjson.decode(...)
  if select('#', ...) ~= 1 then failed("bad argument #1 to 'decode' (expected 1 argument)", 2) end
  local text = ...
  if type(text) == 'number' then text = tostring(text) end
  if type(text) ~= 'string' then
    failed("bad argument #1 to 'decode' (string expected, got " .. type(text) .. ")", 2)
  end
  local value, at = decode(text, skip(text, 1), 0)
  if type(at) == 'string' then failed(at, 2) end
  at = skip(text, at)
  if at <= #text then failed(expected('the end', token(text, at), at), 2) end
  return value
end

local function depth_setting(name)
  return function(value)
    if value ~= nil then
      if type(value) ~= 'number' or value < 1 then failed('bad argument #1: expected integer between 1 and 2147483647', 2) end
      settings[name] = value
    end
    return settings[name]
  end
end
cjson.encode_max_depth = depth_setting('encode_max')
cjson.decode_max_depth = depth_setting('decode_max')
local function switch(name)
  return function(value)
    if value ~= nil then
      if value == 'on' then value = true elseif value == 'off' then value = false end
      settings[name] = value
    end
    return settings[name]
  end
end
cjson.encode_invalid_numbers = switch('invalid_encode')
cjson.decode_invalid_numbers = switch('invalid_decode')
cjson.encode_keep_buffer = switch('keep')
cjson.decode_array_with_array_mt = switch('array_mt')
function cjson.encode_number_precision(value)
  if value ~= nil then settings.precision = value end
  return settings.precision
end
function cjson.encode_sparse_array(convert, ratio, safe)
  if convert ~= nil then settings.sparse_convert = convert end
  if ratio ~= nil then settings.sparse_ratio = ratio end
  if safe ~= nil then settings.sparse_safe = safe end
  return settings.sparse_convert, settings.sparse_ratio, settings.sparse_safe
end
function cjson.new() return cjson end

rawset(sandbox.visible, 'cjson', sandbox.protect(cjson))
"""
