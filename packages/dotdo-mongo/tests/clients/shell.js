// What people do in mongosh; it ends with "shell ok".
const equal = (given, wanted) => {
  if (EJSON.stringify(given) !== EJSON.stringify(wanted)) throw new Error(`${EJSON.stringify(given)} is not ${EJSON.stringify(wanted)}`);
};
db.dropDatabase();
db.c.insertMany([{ _id: 1, a: [1, 2] }, { _id: 2 }]);
equal(db.c.find({ a: 2 }).toArray(), [{ _id: 1, a: [1, 2] }]);
equal(db.c.countDocuments(), 2);
equal(db.getMongo().getDBNames().includes("test"), true);
db.c.createIndex({ a: 1 });
equal(db.c.getIndexes().map((index) => index.name), ["_id_", "a_1"]);
equal(db.hello().isWritablePrimary, true);
equal(db.c.find().explain().queryPlanner.winningPlan.stage, "COLLSCAN");
const session = db.getMongo().startSession();
session.startTransaction();
session.getDatabase("test").c.insertOne({ _id: 9 });
session.abortTransaction();
equal(db.c.countDocuments(), 2);
db.c.updateMany({}, [{ $set: { n: { $add: ["$_id", 1] } } }]);
equal(db.c.distinct("n"), [2, 3]);
let code = 0;
try { db.c.insertOne({ _id: 1 }); } catch (error) { code = error.code; }
equal(code, 11000);
equal(db.stats().collections > 0, true);
equal(rs.status().myState, 1);
equal(rs.conf().members.length, 1);
print("shell ok");
