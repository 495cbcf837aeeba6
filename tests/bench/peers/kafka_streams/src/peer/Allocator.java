package peer;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * The write service's peer on Kafka Streams: the bench's JSON commands to events and results, products and the ids seen
 * in state stores, all of it exactly once (exactly_once_v2). BOOTSTRAP, APPLICATION and STATE in the environment.
 * Settings as Kafka Streams' users choose them for throughput: one thread, commits every 100 ms, lz4, 20 ms of linger.
 */
public final class Allocator implements Processor<String, byte[], String, Object> {
  static final ObjectMapper JSON = new ObjectMapper();

  public record Batch(String ref, long quantity, long allocated) {}

  public static final class Product {
    public long version;
    public List<Batch> batches = new ArrayList<>();
  }

  public record BatchCreated(String batch_ref, String sku, long quantity) {}

  public record Allocated(String order_id, String sku, long quantity, String batch_ref) {}

  public record Result(
      String command_id, String type, String status, String aggregate_id, long version, String batch_ref) {}

  public static final class Command {
    public String order_id, batch_ref, sku;
    public long quantity;
  }

  private ProcessorContext<String, Object> context;
  private KeyValueStore<String, Product> products;
  private KeyValueStore<String, Long> seen;

  @Override
  public void init(ProcessorContext<String, Object> context) {
    this.context = context;
    products = context.getStateStore("products");
    seen = context.getStateStore("seen");
  }

  @Override
  public void process(Record<String, byte[]> record) {
    String id = text(record.headers(), "ce_id");
    if (seen.putIfAbsent(id, record.timestamp()) != null) return; // the same command again has no effect
    String type = text(record.headers(), "ce_type");
    Command command = read(record.value(), Command.class);
    Product product = products.get(command.sku);
    if (product == null) product = new Product();
    Object event = type.endsWith("CreateBatch") ? create(product, command) : allocate(product, command);
    product.version++;
    products.put(command.sku, product);
    forward(record, "events", command.sku, event, id);
    String batch = event instanceof Allocated allocated ? allocated.batch_ref : command.batch_ref;
    forward(record, "results", id, new Result(id, type, "ACCEPTED", command.sku, product.version, batch), id);
  }

  private static Object create(Product product, Command command) {
    product.batches.add(new Batch(command.batch_ref, command.quantity, 0));
    return new BatchCreated(command.batch_ref, command.sku, command.quantity);
  }

  private static Object allocate(Product product, Command command) {
    for (int i = 0; i < product.batches.size(); i++) {
      Batch batch = product.batches.get(i);
      if (batch.quantity - batch.allocated < command.quantity) continue;
      product.batches.set(i, new Batch(batch.ref, batch.quantity, batch.allocated + command.quantity));
      return new Allocated(command.order_id, command.sku, command.quantity, batch.ref);
    }
    throw new IllegalStateException("the bench's batches never run out");
  }

  private void forward(Record<String, byte[]> cause, String sink, String key, Object value, String id) {
    Headers headers = new RecordHeaders();
    for (String[] header :
        new String[][] {
          {"ce_specversion", "1.0"},
          {"ce_id", id + "/" + sink},
          {"ce_type", value.getClass().getSimpleName()},
          {"ce_source", "/peer"},
          {"content-type", "application/json"},
          {"ce_correlationid", id},
          {"ce_causationid", id}
        }) {
      headers.add(header[0], header[1].getBytes(StandardCharsets.UTF_8));
    }
    context.forward(new Record<String, Object>(key, value, cause.timestamp(), headers), sink);
  }

  private static String text(Headers headers, String name) {
    Header header = headers.lastHeader(name);
    return header == null ? "" : new String(header.value(), StandardCharsets.UTF_8);
  }

  private static <T> T read(byte[] bytes, Class<T> type) {
    try {
      return bytes == null ? null : JSON.readValue(bytes, type);
    } catch (java.io.IOException error) {
      throw new IllegalArgumentException(error);
    }
  }

  private static byte[] write(Object value) {
    try {
      return value == null ? null : JSON.writeValueAsBytes(value);
    } catch (java.io.IOException error) {
      throw new IllegalArgumentException(error);
    }
  }

  private static Topology topology() {
    Deserializer<byte[]> bytes = Serdes.ByteArray().deserializer();
    Serializer<Object> json = (topic, value) -> write(value);
    Serde<Product> product =
        Serdes.serdeFrom((topic, value) -> write(value), (topic, value) -> read(value, Product.class));
    Topology topology = new Topology();
    topology.addSource("commands", Serdes.String().deserializer(), bytes, "allocation.commands");
    topology.addProcessor("allocator", Allocator::new, "commands");
    topology.addStateStore(
        Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore("products"), Serdes.String(), product)
            .withCachingEnabled(),
        "allocator");
    topology.addStateStore(
        Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore("seen"), Serdes.String(), Serdes.Long()),
        "allocator");
    topology.addSink("events", "allocation.events", Serdes.String().serializer(), json, "allocator");
    topology.addSink("results", "command.results", Serdes.String().serializer(), json, "allocator");
    return topology;
  }

  public static void main(String[] arguments) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, System.getenv("BOOTSTRAP"));
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, System.getenv("APPLICATION"));
    settings.put(StreamsConfig.STATE_DIR_CONFIG, System.getenv("STATE"));
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 64L << 20);
    settings.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 5000);
    settings.put(StreamsConfig.producerPrefix("linger.ms"), 20);
    settings.put(StreamsConfig.producerPrefix("batch.size"), 256 * 1024);
    settings.put(StreamsConfig.producerPrefix("compression.type"), "lz4");
    settings.put(StreamsConfig.consumerPrefix("max.poll.records"), 5000);
    settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
    KafkaStreams streams = new KafkaStreams(topology(), settings);
    Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
    streams.start();
  }
}
