// What JDBC tools send: DatabaseMetaData in full, and prepared statements past the point where the driver names them.
import java.sql.*;
import java.util.Properties;

public class JdbcMetadata {
  static void drain(ResultSet rows) throws SQLException {
    while (rows.next()) {
    }
    rows.close();
  }

  static void describe(DatabaseMetaData meta, String table) throws SQLException {
    drain(meta.getColumns(null, "public", table, "%"));
    drain(meta.getPrimaryKeys(null, "public", table));
    drain(meta.getImportedKeys(null, "public", table));
    drain(meta.getExportedKeys(null, "public", table));
    drain(meta.getIndexInfo(null, "public", table, false, true));
    drain(meta.getColumnPrivileges(null, "public", table, "%"));
    drain(meta.getTablePrivileges(null, "public", table));
    drain(meta.getBestRowIdentifier(null, "public", table, DatabaseMetaData.bestRowSession, true));
    drain(meta.getVersionColumns(null, "public", table));
  }

  static void catalog(Connection connection) throws SQLException {
    DatabaseMetaData meta = connection.getMetaData();
    meta.getMaxColumnsInTable();
    meta.getMaxTableNameLength();
    meta.getSQLKeywords();
    meta.getNumericFunctions();
    drain(meta.getCatalogs());
    drain(meta.getSchemas());
    drain(meta.getSchemas(null, "pub%"));
    drain(meta.getTableTypes());
    drain(meta.getTypeInfo());
    drain(meta.getTables(null, null, "%", new String[] {"TABLE", "VIEW", "MATERIALIZED VIEW", "PARTITIONED TABLE", "SEQUENCE", "FOREIGN TABLE", "TYPE"}));
    drain(meta.getTables(null, "public", "cust%", null));
    describe(meta, "customers");
    describe(meta, "order_items");
    drain(meta.getCrossReference(null, "public", "orders", null, "public", "order_items"));
    drain(meta.getProcedures(null, "public", "%"));
    drain(meta.getProcedureColumns(null, "public", "order_total", "%"));
    drain(meta.getFunctions(null, "public", "%"));
    drain(meta.getFunctionColumns(null, "public", "order_total", "%"));
    drain(meta.getUDTs(null, "public", "%", null));
    drain(meta.getClientInfoProperties());
  }

  static void use(Connection connection) throws SQLException {
    connection.setClientInfo("ApplicationName", "SQL editor");
    connection.setReadOnly(true);
    connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
    connection.setReadOnly(false);
    connection.isValid(5);
    connection.getSchema();
    connection.setSchema("public");
    try (PreparedStatement statement = connection.prepareStatement("SELECT id, name, price, active, specs, tags FROM products WHERE id > ? AND price < ? ORDER BY id LIMIT ?")) {
      for (int run = 0; run < 8; run++) {
        statement.setInt(1, run);
        statement.setBigDecimal(2, new java.math.BigDecimal("40.5"));
        statement.setLong(3, 3);
        statement.getMetaData();
        drain(statement.executeQuery());
      }
    }
    connection.setAutoCommit(false);
    try (PreparedStatement statement = connection.prepareStatement("INSERT INTO customers (name, email, country) VALUES (?, ?, ?)", Statement.RETURN_GENERATED_KEYS)) {
      for (int n = 0; n < 3; n++) {
        statement.setString(1, "Java " + n);
        statement.setString(2, "java" + n + "@post.example");
        statement.setString(3, "JP");
        statement.addBatch();
      }
      statement.executeBatch();
      drain(statement.getGeneratedKeys());
    }
    Savepoint savepoint = connection.setSavepoint("before");
    try (Statement statement = connection.createStatement()) {
      statement.executeUpdate("UPDATE settings SET value = '\"blue\"' WHERE key = 'theme'");
      connection.rollback(savepoint);
      statement.setFetchSize(10);
      drain(statement.executeQuery("SELECT o.id, o.status, o.placed_at, p.amount FROM orders o LEFT JOIN payments p ON p.order_id = o.id ORDER BY o.id"));
      ResultSet rows = statement.executeQuery("SELECT id, uses FROM coupons, generate_series(1, 1) id");
      rows.getMetaData().getColumnCount();
      rows.getMetaData().getTableName(2);
      rows.getMetaData().isNullable(2);
      rows.getMetaData().isAutoIncrement(2);
      drain(rows);
    }
    connection.rollback();
    connection.setAutoCommit(true);
  }

  public static void main(String[] arguments) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", System.getenv("PGUSER"));
    properties.setProperty("password", System.getenv("PGPASSWORD"));
    String url = "jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE");
    try (Connection connection = DriverManager.getConnection(url, properties)) {
      catalog(connection);
      use(connection);
    }
  }
}
