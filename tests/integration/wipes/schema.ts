// What an agent left of the shop's schema: one table with two of its columns. Pushing it drops everything else.
import { integer, pgTable, text } from 'drizzle-orm/pg-core';

export const customers = pgTable('customers', {
  id: integer('id').primaryKey(),
  name: text('name').notNull(),
});
