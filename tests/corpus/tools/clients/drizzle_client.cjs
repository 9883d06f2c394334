// What an application with Drizzle and node-postgres does.
const { Pool } = require("pg");
const { drizzle } = require("drizzle-orm/node-postgres");
const { pgTable, serial, integer, text, numeric, boolean, jsonb, timestamp, smallint } = require("drizzle-orm/pg-core");
const { eq, and, or, gt, inArray, like, desc, sql, count, avg, isNull, between, relations } = require("drizzle-orm");

const categories = pgTable("categories", { id: serial("id").primaryKey(), parentId: integer("parent_id"), name: text("name").notNull() });
const products = pgTable("products", {
  id: serial("id").primaryKey(), categoryId: integer("category_id").notNull(), sku: text("sku").notNull(), name: text("name").notNull(),
  description: text("description"), price: numeric("price").notNull(), cost: numeric("cost").notNull(), tags: text("tags").array(),
  specs: jsonb("specs"), active: boolean("active"),
});
const reviews = pgTable("reviews", {
  id: serial("id").primaryKey(), productId: integer("product_id").notNull(), customerId: integer("customer_id"),
  rating: smallint("rating").notNull(), title: text("title"), body: text("body"), writtenAt: timestamp("written_at").notNull(),
});
const categoryRelations = relations(categories, ({ many }) => ({ products: many(products) }));
const productRelations = relations(products, ({ one, many }) => ({
  category: one(categories, { fields: [products.categoryId], references: [categories.id] }), reviews: many(reviews),
}));
const reviewRelations = relations(reviews, ({ one }) => ({ product: one(products, { fields: [reviews.productId], references: [products.id] }) }));

async function main() {
  const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 1 });
  const db = drizzle(pool, { schema: { categories, products, reviews, categoryRelations, productRelations, reviewRelations } });
  await db.select().from(products).limit(3);
  await db.select({ id: products.id, name: products.name }).from(products).where(and(gt(products.price, "20"), eq(products.active, true))).orderBy(desc(products.price)).limit(5).offset(2);
  await db.select().from(products).where(or(like(products.name, "Lamp%"), inArray(products.id, [1, 2, 3])));
  await db.select({ category: categories.name, n: count(), p: avg(products.price) }).from(products).innerJoin(categories, eq(products.categoryId, categories.id)).groupBy(categories.name).having(({ n }) => gt(n, 2));
  await db.select().from(products).leftJoin(reviews, eq(reviews.productId, products.id)).where(isNull(reviews.id));
  await db.selectDistinct({ rating: reviews.rating }).from(reviews).orderBy(reviews.rating);
  await db.query.products.findMany({ with: { category: true, reviews: { limit: 2, orderBy: (r, { desc }) => [desc(r.rating)] } }, limit: 2 });
  await db.query.categories.findFirst({ where: (c, { eq }) => eq(c.name, "Novels"), with: { products: { columns: { id: true, sku: true } } } });
  const best = db.$with("best").as(db.select({ pid: reviews.productId, r: avg(reviews.rating).as("r") }).from(reviews).groupBy(reviews.productId));
  await db.with(best).select().from(best).where(gt(best.r, "3")).limit(3);
  const sub = db.select({ id: products.id }).from(products).where(between(products.price, "10", "20")).as("sub");
  await db.select().from(reviews).innerJoin(sub, eq(sub.id, reviews.productId)).limit(2);
  await db.select({ id: categories.id }).from(categories).where(eq(categories.id, 1)).union(db.select({ id: products.id }).from(products).where(eq(products.id, 2)));
  const [made] = await db.insert(products).values({ categoryId: 5, sku: "DRZ-1", name: "Drizzle", price: "9.5", cost: "4", tags: ["a"], specs: { k: 1 } }).returning();
  await db.insert(products).values([{ categoryId: 5, sku: "DRZ-1", name: "Again", price: "1", cost: "1" }]).onConflictDoUpdate({ target: products.sku, set: { name: sql`excluded.name` } });
  await db.insert(products).values({ categoryId: 5, sku: "DRZ-1", name: "x", price: "1", cost: "1" }).onConflictDoNothing();
  await db.update(products).set({ price: sql`${products.price} * 1.1` }).where(eq(products.id, made.id)).returning({ price: products.price });
  await db.transaction(async (tx) => {
    await tx.update(products).set({ active: false }).where(eq(products.id, made.id));
    await tx.transaction(async (inner) => { await inner.delete(products).where(eq(products.id, made.id)); });
  }, { isolationLevel: "repeatable read", accessMode: "read write" });
  await db.select({ n: sql`count(*)::int`, day: sql`date_trunc('day', ${reviews.writtenAt})` }).from(reviews).groupBy(sql`2`).orderBy(sql`2`).limit(3);
  await db.execute(sql`select ${1}::int + ${2}::int as three`);
  const prepared = db.select().from(products).where(eq(products.id, sql.placeholder("id"))).prepare("by_id");
  await prepared.execute({ id: 3 });
  await prepared.execute({ id: 4 });
  await db.execute(sql`select "hash", "created_at" from "drizzle"."__drizzle_migrations" order by created_at desc limit 1`);
  await pool.end();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
