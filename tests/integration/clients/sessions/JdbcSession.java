// JDBC: prepared statements (client and server side), batches, fetch size, generated keys, COPY, notifications,
// cancel, savepoints, metadata, errors.
import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.sql.*;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

public class JdbcSession {
  interface Action { void run() throws Exception; }

  static void show(Object... what) {
    StringBuilder line = new StringBuilder();
    for (Object one : what) line.append(one).append(' ');
    System.out.println(line.toString().trim());
  }

  static void failing(Action action) throws Exception {
    try {
      action.run();
      show("no error");
    } catch (SQLException error) {
      show("error", error.getSQLState(), error.getMessage().replace('\n', '|'));
      for (SQLException next = error.getNextException(); next != null; next = next.getNextException()) {
        show("  then", next.getSQLState(), next.getMessage().replace('\n', '|'));
      }
    }
  }

  static void rows(ResultSet result) throws Exception {
    ResultSetMetaData meta = result.getMetaData();
    while (result.next()) {
      StringBuilder line = new StringBuilder("  ");
      for (int i = 1; i <= meta.getColumnCount(); i++) {
        line.append(meta.getColumnName(i)).append('=').append(result.getString(i)).append(' ');
      }
      System.out.println(line);
    }
    result.close();
  }

  static Connection open(String more) throws Exception {
    Properties properties = new Properties();
    properties.setProperty("user", System.getenv("PGUSER"));
    properties.setProperty("password", System.getenv("PGPASSWORD"));
    properties.setProperty("sslmode", "disable");
    return DriverManager.getConnection("jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT") + "/"
        + System.getenv("PGDATABASE") + "?" + more, properties);
  }

  public static void main(String[] args) throws Exception {
    for (String mode : new String[] {"", "prepareThreshold=1", "preferQueryMode=simple", "binaryTransfer=false", "prepareThreshold=-1",
        "currentSchema=information_schema,public"}) {
      show("--- connection:", mode);
      try (Connection connection = open(mode)) {
        session(connection, mode.isEmpty());
      }
    }
  }

  static void session(Connection connection, boolean everything) throws Exception {
    try (PreparedStatement statement = connection.prepareStatement(
        "SELECT ? + 1 AS number, ?::text AS words, ?::numeric AS money, ?::date AS day, ? AS nothing, ?::bool AS truth")) {
      statement.setInt(1, 41);
      statement.setString(2, "it's");
      statement.setBigDecimal(3, new BigDecimal("1.50"));
      statement.setDate(4, Date.valueOf("2024-02-29"));
      statement.setNull(5, Types.VARCHAR);
      statement.setBoolean(6, true);
      for (int i = 0; i < 7; i++) rows(statement.executeQuery());
    }
    try (PreparedStatement statement = connection.prepareStatement("SELECT id, tags, price, discontinued FROM products WHERE id < ? ORDER BY id")) {
      statement.setLong(1, 4);
      rows(statement.executeQuery());
      ResultSetMetaData meta = statement.getMetaData();
      for (int i = 1; i <= meta.getColumnCount(); i++) {
        show(meta.getColumnName(i), meta.getColumnTypeName(i), meta.getTableName(i), meta.isNullable(i), meta.getPrecision(i));
      }
      show(statement.getParameterMetaData().getParameterTypeName(1));
    }
    connection.setAutoCommit(false);
    try (PreparedStatement insert = connection.prepareStatement("INSERT INTO products (sku, title, price) VALUES (?, ?, ?)", Statement.RETURN_GENERATED_KEYS)) {
      for (int i = 0; i < 5; i++) {
        insert.setString(1, "J-" + i);
        insert.setString(2, "batch");
        insert.setBigDecimal(3, BigDecimal.valueOf(i + 1));
        insert.addBatch();
      }
      for (int count : insert.executeBatch()) show("inserted", count);
      ResultSet keys = insert.getGeneratedKeys();
      while (keys.next()) show("generated", keys.getString("sku"), keys.getString("stock"));
    }
    try (Statement statement = connection.createStatement(); PreparedStatement update = connection.prepareStatement("UPDATE products SET stock = stock + ? WHERE sku = ?")) {
      Savepoint savepoint = connection.setSavepoint("before");
      for (int i = 0; i < 3; i++) {
        update.setInt(1, i == 1 ? Integer.MAX_VALUE : i);
        update.setString(2, "J-2");
        update.addBatch();
      }
      statement.executeUpdate("UPDATE products SET stock = 5 WHERE sku = 'J-2'");
      failing(update::executeBatch);
      failing(() -> rows(connection.createStatement().executeQuery("SELECT 1")));
      connection.rollback(savepoint);
      rows(statement.executeQuery("SELECT sku, stock FROM products WHERE sku LIKE 'J-%' ORDER BY sku"));
    }
    try (PreparedStatement walk = connection.prepareStatement("SELECT id, customer_id FROM orders ORDER BY id LIMIT ?")) {
      walk.setFetchSize(64);
      walk.setInt(1, 500);
      long sum = 0;
      ResultSet result = walk.executeQuery();
      while (result.next()) sum += result.getLong(2);
      show("sum over portals", sum);
    }
    try (Statement scroll = connection.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_READ_ONLY)) {
      ResultSet result = scroll.executeQuery("SELECT id FROM products ORDER BY id LIMIT 9");
      result.last();
      show(result.getInt(1), result.getRow());
      result.absolute(3);
      show(result.getInt(1));
    }
    try (Statement several = connection.createStatement()) {
      boolean is_result = several.execute("SELECT 1 AS a; UPDATE products SET stock = 9 WHERE sku = 'J-1'; SELECT 2 AS b");
      while (is_result || several.getUpdateCount() != -1) {
        if (is_result) rows(several.getResultSet()); else show("updated", several.getUpdateCount());
        is_result = several.getMoreResults();
      }
    }
    connection.rollback();
    connection.setAutoCommit(true);
    failing(() -> connection.createStatement().executeQuery("SELECT 1/0"));
    failing(() -> connection.createStatement().executeQuery("SELECT * FROM no_such_table"));
    failing(() -> connection.createStatement().executeUpdate("INSERT INTO products (sku, title, price) VALUES ('SKU-00001', 'x', 1)"));
    try (PreparedStatement statement = connection.prepareStatement("SELECT 10 / ?")) {
      for (int i : new int[] {5, 0, 2}) {
        statement.setInt(1, i);
        failing(() -> rows(statement.executeQuery()));
      }
    }
    if (everything) copyAndMore(connection);
  }

  static void copyAndMore(Connection connection) throws Exception {
    CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();
    StringWriter out = new StringWriter();
    show(copy.copyOut("COPY (SELECT id, sku FROM products ORDER BY id LIMIT 4) TO STDOUT WITH CSV", out), out.toString().replace('\n', '|'));
    Statement statement = connection.createStatement();
    statement.execute("CREATE TEMP TABLE numbers (n int, label text)");
    show(copy.copyIn("COPY numbers FROM STDIN", new StringReader("1\tone\n2\t\\N\n")));
    failing(() -> copy.copyIn("COPY numbers FROM STDIN", new StringReader("x\tone\n")));
    rows(statement.executeQuery("SELECT * FROM numbers ORDER BY n"));
    statement.execute("LISTEN shop");
    statement.execute("NOTIFY shop, 'hello'");
    for (var notification : connection.unwrap(PGConnection.class).getNotifications(2000)) show(notification.getName(), notification.getParameter());
    statement.execute("DO $$ BEGIN RAISE WARNING 'warned'; END $$");
    show(statement.getWarnings().getSQLState(), statement.getWarnings().getMessage());
    new Thread(() -> {
      try {
        Thread.sleep(500);
        statement.cancel();
      } catch (Exception error) {
        show(error);
      }
    }).start();
    failing(() -> statement.executeQuery("SELECT pg_sleep(20)"));
    statement.setQueryTimeout(1);
    failing(() -> statement.executeQuery("SELECT pg_sleep(20)"));
    statement.setQueryTimeout(0);
    DatabaseMetaData meta = connection.getMetaData();
    show(meta.getDatabaseProductName(), meta.getDatabaseProductVersion());
    ResultSet tables = meta.getTables(null, "public", "%", new String[] {"TABLE", "VIEW", "MATERIALIZED VIEW", "PARTITIONED TABLE"});
    while (tables.next()) show(tables.getString("TABLE_NAME"), tables.getString("TABLE_TYPE"));
    ResultSet columns = meta.getColumns(null, "public", "orders", "%");
    while (columns.next()) show(columns.getString("COLUMN_NAME"), columns.getString("TYPE_NAME"), columns.getString("IS_NULLABLE"), columns.getString("COLUMN_DEF"));
    ResultSet keys = meta.getImportedKeys(null, "public", "orders");
    while (keys.next()) show(keys.getString("PKTABLE_NAME"), keys.getString("FKCOLUMN_NAME"));
    ResultSet indexes = meta.getIndexInfo(null, "public", "orders", false, false);
    while (indexes.next()) show(indexes.getString("INDEX_NAME"), indexes.getString("COLUMN_NAME"), indexes.getBoolean("NON_UNIQUE"));
    try (CallableStatement call = connection.prepareCall("{? = call order_total(?)}")) {
      call.registerOutParameter(1, Types.NUMERIC);
      call.setLong(2, 7);
      call.execute();
      show(call.getBigDecimal(1));
    }
    connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
    connection.setReadOnly(true);
    failing(() -> statement.executeUpdate("UPDATE products SET stock = 1 WHERE id = 1"));
    connection.setReadOnly(false);
    show(connection.isValid(3));
  }
}
