// What an application with Sequelize does, and its introspection.
const { Sequelize, DataTypes, Op } = require("sequelize");

async function main() {
  const sequelize = new Sequelize(process.env.DATABASE_URL, { logging: false, pool: { max: 1 } });
  const plain = { timestamps: false };
  const Country = sequelize.define("country", { code: { type: DataTypes.CHAR(2), primaryKey: true }, name: DataTypes.TEXT, currency: DataTypes.CHAR(3) }, { ...plain, tableName: "countries" });
  const Customer = sequelize.define("customer", {
    name: DataTypes.TEXT, email: DataTypes.CITEXT, country: DataTypes.CHAR(2), segment: DataTypes.TEXT, newsletter: DataTypes.BOOLEAN,
    preferences: DataTypes.JSONB, createdAt: { type: DataTypes.DATE, field: "created_at" }, updatedAt: { type: DataTypes.DATE, field: "updated_at" },
  }, { tableName: "customers" });
  const Order = sequelize.define("order", { customerId: { type: DataTypes.INTEGER, field: "customer_id" }, status: DataTypes.ENUM("pending", "paid"), discount: DataTypes.DECIMAL }, { ...plain, tableName: "orders" });
  const Setting = sequelize.define("setting", { key: { type: DataTypes.TEXT, primaryKey: true }, value: DataTypes.JSONB }, { ...plain, tableName: "settings" });
  Customer.hasMany(Order, { foreignKey: "customer_id" });
  Order.belongsTo(Customer, { foreignKey: "customer_id" });
  Customer.belongsTo(Country, { foreignKey: "country", as: "land" });
  await sequelize.authenticate();
  await sequelize.databaseVersion();
  const qi = sequelize.getQueryInterface();
  await qi.showAllTables();
  await qi.showAllSchemas();
  await qi.describeTable("customers");
  await qi.describeTable("orders");
  await qi.showIndex("products");
  await qi.getForeignKeyReferencesForTable("orders");
  await qi.tableExists("customers");
  await sequelize.query('SELECT "name" FROM "SequelizeMeta" AS "SequelizeMeta" ORDER BY "SequelizeMeta"."name" ASC');
  await Customer.findAll({ limit: 3 });
  await Customer.findByPk(4);
  await Customer.findOne({ where: { email: { [Op.iLike]: "c%" }, newsletter: true }, order: [["id", "DESC"]] });
  await Customer.findAll({ where: { [Op.or]: [{ country: "DE" }, { id: { [Op.between]: [3, 9] } }], segment: { [Op.ne]: "business" } }, attributes: ["id", [sequelize.fn("upper", sequelize.col("name")), "loud"]], limit: 5 });
  await Customer.findAndCountAll({ where: { country: { [Op.in]: ["FR", "PL"] } }, limit: 2, offset: 1 });
  await Customer.findAll({ include: [{ model: Order, where: { status: "paid" }, required: false }, "land"], limit: 2 });
  await Order.findAll({ attributes: ["status", [sequelize.fn("count", "*"), "n"]], group: ["status"], order: [[sequelize.literal("n"), "DESC"]] });
  await Order.sum("discount", { where: { status: "paid" } });
  await Order.max("id");
  await Customer.findAll({ where: { preferences: { theme: "dark" } }, limit: 2 });
  const made = await Customer.create({ name: "Sequelize", email: "seq@post.example", country: "PL", preferences: { a: [1] } });
  await made.update({ segment: "business" });
  await Customer.bulkCreate([{ name: "b1", email: "b1@post.example", country: "PL" }, { name: "b2", email: "b2@post.example", country: "PL" }], { updateOnDuplicate: ["name"], conflictAttributes: ["email"] });
  await Customer.findOrCreate({ where: { email: "seq2@post.example" }, defaults: { name: "s2", country: "IN" } });
  await Setting.upsert({ key: "seq", value: { on: true } });
  await Customer.increment({ id: 0 }, { where: { id: made.id } });
  await sequelize.transaction({ isolationLevel: Sequelize.Transaction.ISOLATION_LEVELS.READ_COMMITTED }, async (transaction) => {
    await Customer.update({ newsletter: true }, { where: { id: made.id }, transaction });
    await Customer.findByPk(made.id, { transaction, lock: transaction.LOCK.UPDATE });
  });
  await Customer.destroy({ where: { id: made.id } });
  await sequelize.query("SELECT count(*) FROM orders WHERE customer_id = $1", { bind: [5] });
  await sequelize.query("SELECT name FROM customers WHERE id IN (:ids)", { replacements: { ids: [1, 2] } });
  await sequelize.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
