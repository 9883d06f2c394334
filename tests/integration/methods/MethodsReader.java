// Reads each table that stands on a line of standard input, with every value in binary where the driver can. A line for each
// cell: table, row, column, "null", "object CLASS" or "error", and the value as getString has it, in hexadecimal.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.sql.*;
import java.util.Properties;

public class MethodsReader {
  static String hex(byte[] bytes) {
    StringBuilder out = new StringBuilder();
    for (byte one : bytes) out.append(Character.forDigit(one >> 4 & 15, 16)).append(Character.forDigit(one & 15, 16));
    return out.toString();
  }

  static String hex(String text) { return hex(text.getBytes(StandardCharsets.UTF_8)); }

  static String cell(ResultSet result, int column) {
    try {
      Object value = result.getObject(column);
      if (value == null) return "null\t";
      // getString takes the bytes of a bytea for text.
      String text = value instanceof byte[] bytes ? "\\x" + hex(bytes) : result.getString(column);
      return "object " + value.getClass().getSimpleName() + "\t" + hex(text);
    } catch (SQLException | RuntimeException error) {
      return "error\t" + hex(String.valueOf(error.getMessage()));
    }
  }

  static void read(Connection connection, String schema, String table) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement("SELECT * FROM " + schema + "." + table + " ORDER BY id")) {
      ResultSet result = statement.executeQuery();
      ResultSetMetaData meta = result.getMetaData();
      while (result.next()) {
        for (int i = 2; i <= meta.getColumnCount(); i++) {
          System.out.println(table + "\t" + result.getInt(1) + "\t" + meta.getColumnName(i) + "\t" + cell(result, i));
        }
      }
    }
  }

  public static void main(String[] args) throws Exception {
    Properties properties = new Properties();
    properties.setProperty("user", System.getenv("PGUSER"));
    properties.setProperty("password", System.getenv("PGPASSWORD"));
    properties.setProperty("sslmode", "disable");
    String url = "jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE");
    try (Connection connection = DriverManager.getConnection(url + "?" + args[1], properties)) {
      BufferedReader tables = new BufferedReader(new InputStreamReader(System.in));
      for (String table = tables.readLine(); table != null; table = tables.readLine()) read(connection, args[0], table);
    }
  }
}
