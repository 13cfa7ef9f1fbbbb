"""Names of MongoDB's commands and stages that may not be declared here; from its manual of 8.2, kept by hand."""

COMMANDS = frozenset({
    "addShard", "analyze", "appendOplogNote", "applyOps", "enableSharding", "filemd5",
    "getDefaultRWConcern", "invalidateUserCache", "listShards", "mapReduce", "moveChunk", "netstat", "reIndex",
    "refineCollectionShardKey", "removeShard", "replSetGetConfig", "replSetGetStatus", "replSetInitiate", "replSetReconfig",
    "replSetStepDown", "reshardCollection", "setDefaultRWConcern", "setUserWriteBlockMode", "shardCollection", "shardingState",
})  # fmt: skip
STAGES = frozenset({
    "$changeStream", "$changeStreamSplitLargeEvent", "$currentOp", "$listLocalSessions", "$listSampledQueries",
    "$listSessions", "$planCacheStats", "$querySettings", "$queryStats", "$score", "$scoreFusion",
    "$shardedDataDistribution",
})  # fmt: skip
