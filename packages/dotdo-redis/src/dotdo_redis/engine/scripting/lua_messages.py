"""cmsgpack in Lua, for it walks through tables; it refuses what the original refuses."""

MESSAGES = rb"""
local sandbox, host = ...
local failed, real = sandbox.failed, sandbox.real
local type, next, rawget = type, next, rawget
local sub, byte, char, concat, floor = string.sub, string.byte, string.char, table.concat, math.floor

local cmsgpack = {_NAME = 'cmsgpack', _VERSION = 'lua-cmsgpack 0.4.0'}
local MAX_DEPTH = 16
local big = host.big_endian

local function pack_integer(n)
  if n >= 0 then
    if n <= 127 then return char(n) end
    if n <= 0xff then return '\204' .. char(n) end
    if n <= 0xffff then return '\205' .. big('H', n) end
    if n <= 0xffffffff then return '\206' .. big('I', n) end
    return '\207' .. big('Q', n)
  end
  if n >= -32 then return char(256 + n) end
  if n >= -128 then return '\208' .. char(256 + n) end
  if n >= -32768 then return '\209' .. big('h', n) end
  if n >= -2147483648 then return '\210' .. big('i', n) end
  return '\211' .. big('q', n)
end

local function sized(length, fix, most, one, two, four)
  if length <= most then return char(fix + length) end
  if one and length <= 0xff then return one .. char(length) end
  if length <= 0xffff then return two .. big('H', length) end
  return four .. big('I', length)
end

local pack
local function pack_table(t, depth, pieces)
  t = real[t] or t
  local highest, count = 0, 0
  local is_array = true
  for k in next, t do
    count = count + 1
    if type(k) ~= 'number' or k <= 0 or floor(k) ~= k then
      is_array = false
    elseif k > highest then
      highest = k
    end
  end
  if is_array and highest == count then
    pieces[#pieces + 1] = sized(count, 0x90, 15, nil, '\220', '\221')
    for at = 1, count do pack(rawget(t, at), depth, pieces) end
    return
  end
  pieces[#pieces + 1] = sized(count, 0x80, 15, nil, '\222', '\223')
  for k, v in next, t do
    pack(k, depth, pieces)
    pack(v, depth, pieces)
  end
end

pack = function(value, depth, pieces)
  local kind = type(value)
  if kind == 'string' then
    pieces[#pieces + 1] = sized(#value, 0xa0, 31, '\217', '\218', '\219')
    pieces[#pieces + 1] = value
  elseif kind == 'number' then
    if floor(value) == value and value >= -9223372036854775808 and value < 18446744073709551616 then
      pieces[#pieces + 1] = pack_integer(value)
    else
      pieces[#pieces + 1] = host.packed_number(value)
    end
  elseif kind == 'boolean' then
    pieces[#pieces + 1] = value and '\195' or '\194'
  elseif kind == 'table' then
    if depth == MAX_DEPTH then
      pieces[#pieces + 1] = '\192'
    else
      pack_table(value, depth + 1, pieces)
    end
  else
    pieces[#pieces + 1] = '\192'
  end
end

function cmsgpack.pack(...)
  local count = select('#', ...)
  if count == 0 then failed("bad argument #0 to 'pack' (MessagePack pack needs input.)", 2) end
  local pieces = {}
  for at = 1, count do pack((select(at, ...)), 0, pieces) end
  return concat(pieces)
end

local SHORT, BAD = 'Missing bytes in input.', 'Bad data format in input.'
local unpack_one

local function take(text, at, form, size)
  if at + size - 1 > #text then error({short = true}, 0) end
  return host.from_big_endian(form, sub(text, at, at + size - 1)), at + size
end

local function take_text(text, at, length)
  if at + length - 1 > #text then error({short = true}, 0) end
  return sub(text, at, at + length - 1), at + length
end

local function take_array(text, at, length)
  local made = {}
  for n = 1, length do made[n], at = unpack_one(text, at) end
  return made, at
end

local function take_map(text, at, length)
  local made = {}
  for _ = 1, length do
    local key, value
    key, at = unpack_one(text, at)
    value, at = unpack_one(text, at)
    if key == nil or key ~= key then error({bad = true}, 0) end
    made[key] = value
  end
  return made, at
end

local NUMBERS = {[0xcc] = {'B', 1}, [0xcd] = {'H', 2}, [0xce] = {'I', 4}, [0xcf] = {'Q', 8}, [0xd0] = {'b', 1},
                 [0xd1] = {'h', 2}, [0xd2] = {'i', 4}, [0xd3] = {'q', 8}, [0xca] = {'f', 4}, [0xcb] = {'d', 8}}
local SIZED = {[0xd9] = {'B', 1, take_text}, [0xda] = {'H', 2, take_text}, [0xdb] = {'I', 4, take_text},
               [0xc4] = {'B', 1, take_text}, [0xc5] = {'H', 2, take_text}, [0xc6] = {'I', 4, take_text},
               [0xdc] = {'H', 2, take_array}, [0xdd] = {'I', 4, take_array},
               [0xde] = {'H', 2, take_map}, [0xdf] = {'I', 4, take_map}}

unpack_one = function(text, at)
  local b = byte(text, at)
  if not b then error({short = true}, 0) end
  if b < 0x80 then return b, at + 1 end
  if b >= 0xe0 then return b - 256, at + 1 end
  if b < 0x90 then return take_map(text, at + 1, b - 0x80) end
  if b < 0xa0 then return take_array(text, at + 1, b - 0x90) end
  if b < 0xc0 then return take_text(text, at + 1, b - 0xa0) end
  if b == 0xc0 then return nil, at + 1 elseif b == 0xc2 then return false, at + 1 elseif b == 0xc3 then return true, at + 1 end
  local number = NUMBERS[b]
  if number then return take(text, at + 1, number[1], number[2]) end
  local one = SIZED[b]
  if not one then error({bad = true}, 0) end
  local length, after = take(text, at + 1, one[1], one[2])
  return one[3](text, after, length)
end

local function unpack_all(text, limit, offset)
  if type(text) ~= 'string' then failed("bad argument #1 to 'unpack' (string expected, got " .. type(text) .. ")", 3) end
  if limit < 0 or offset < 0 then
    failed('Invalid request to unpack with offset of ' .. offset .. ' and limit of ' .. #text .. '.', 3)
  elseif offset > #text then
    failed('Start offset ' .. offset .. ' greater than input length ' .. #text .. '.', 3)
  end
  local values, count, at = {}, 0, offset + 1
  while at <= #text and (limit == 0 or count < limit) do
    local ok, value, after = pcall(unpack_one, text, at)
    if not ok then
      if type(value) == 'table' then failed(value.short and SHORT or BAD, 3) end
      error(value, 0)
    end
    count = count + 1
    values[count] = value
    at = after
  end
  return values, count, at
end

function cmsgpack.unpack(text)
  local values, count = unpack_all(text, 0, 0)
  return unpack(values, 1, count)
end

function cmsgpack.unpack_one(text, offset)
  local values, count, at = unpack_all(text, 1, offset or 0)
  return at > #text and -1 or at - 1, unpack(values, 1, count)
end

function cmsgpack.unpack_limit(text, limit, offset)
  local values, count, at = unpack_all(text, limit, offset or 0)
  return at > #text and -1 or at - 1, unpack(values, 1, count)
end

rawset(sandbox.visible, 'cmsgpack', sandbox.protect(cmsgpack))
"""
