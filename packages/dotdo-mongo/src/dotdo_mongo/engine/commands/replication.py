"""What a replica set of one tells of itself: replSetGetStatus and replSetGetConfig; nothing of it can be changed."""

from typing import Any

from bson import Int64, Timestamp

from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.commands.declaration import Declared, command
from dotdo_mongo.engine.commands.handshake import moment
from dotdo_mongo.engine.request import Request

Document = dict[str, Any]
_PRIMARY = 1
_HEARTBEAT_MS = 2000
_ELECTION_MS = 10000


def _names(request: Request) -> tuple[str, str]:
    client, deployment = request.client, request.deployment
    return client.presented_set or deployment.set_name, client.presented_host or deployment.host


_STATUS: Declared = {"initialSync": kinds.ANY}


@command("replSetGetStatus", _STATUS, is_admin_only=True)
def status(request: Request) -> Document:
    """Tell how the members are."""
    name, host = _names(request)
    now = request.deployment.cluster_time()
    time: Document = {"ts": now, "t": Int64(1)}
    date, started = moment(request.now_us), request.deployment.started_us
    up_s = (request.now_us - started) // 1_000_000
    member = {
        "_id": 0,
        "name": host,
        "health": 1.0,
        "state": _PRIMARY,
        "stateStr": "PRIMARY",
        "uptime": up_s,
        "optime": time,
        "optimeDate": date,
        "electionTime": Timestamp(started // 1_000_000, 1),
        "electionDate": moment(started),
        "configVersion": 1,
        "configTerm": 1,
        "self": True,
        "lastHeartbeatMessage": "",
    }
    return {
        "set": name,
        "date": date,
        "myState": _PRIMARY,
        "term": Int64(1),
        "syncSourceHost": "",
        "syncSourceId": -1,
        "heartbeatIntervalMillis": Int64(_HEARTBEAT_MS),
        "majorityVoteCount": 1,
        "writeMajorityCount": 1,
        "votingMembersCount": 1,
        "writableVotingMembersCount": 1,
        "optimes": {"lastCommittedOpTime": time, "appliedOpTime": time, "durableOpTime": time},
        "members": [member],
    }


@command("replSetGetConfig", {"commitmentStatus": kinds.BOOL}, is_admin_only=True)
def config(request: Request) -> Document:
    """Tell who the members are."""
    name, host = _names(request)
    member = {
        "_id": 0,
        "host": host,
        "arbiterOnly": False,
        "buildIndexes": True,
        "hidden": False,
        "priority": 1,
        "tags": {},
        "secondaryDelaySecs": Int64(0),
        "votes": 1,
    }
    settings = {"heartbeatIntervalMillis": _HEARTBEAT_MS, "electionTimeoutMillis": _ELECTION_MS}
    found: Document = {
        "config": {
            "_id": name,
            "version": 1,
            "term": 1,
            "members": [member],
            "protocolVersion": Int64(1),
            "writeConcernMajorityJournalDefault": True,
            "settings": settings,
        }
    }
    if request.arguments["commitmentStatus"]:
        found["commitmentStatus"] = True
    return found


COMMANDS = (status, config)
