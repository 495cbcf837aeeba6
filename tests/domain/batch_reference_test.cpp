// Every decision of the batch reference, its refusals too.
#include "domain/batch_reference.h"

#include "state_table.h"

namespace {

using namespace orderly::domain;
using namespace orderly::testing;
using enum RejectionCode;

const ClaimBatchReference claim{"b1", "LAMP", "command-1"};
const BatchReferenceClaimed claimed{"b1", "LAMP", "command-1"};

}  // namespace

TEST_CASE("A free batch reference is claimed", "[batch_reference]") {
  given<BatchReference>().when(claim).then(claimed);
}

TEST_CASE("The same command claims its batch reference again without effect", "[batch_reference]") {
  given<BatchReference>(claimed).when(claim).then();
}

TEST_CASE("A batch reference that another command has is refused, for any sku", "[batch_reference]") {
  const auto taken = given<BatchReference>(claimed);
  taken.when(ClaimBatchReference{"b1", "LAMP", "command-2"})
      .then_rejected(batch_exists, "batch_ref", "batch_ref: batch 'b1' exists already, of sku 'LAMP'");
  taken.when(ClaimBatchReference{"b1", "CHAIR", "command-2"}).then_rejected(batch_exists, "batch_ref");
}

TEST_CASE("Every command has its answer in every state of a batch reference", "[batch_reference]") {
  check_table<BatchReference>(
      {{"free", {}, {"BatchReferenceClaimed", "BatchReferenceClaimed"}}, {"claimed", {claimed}, {"-", "BATCH_EXISTS"}}},
      {claim, ClaimBatchReference{"b1", "LAMP", "command-2"}});
}

TEST_CASE("A claimed batch reference knows its sku", "[batch_reference]") {
  CHECK(given<BatchReference>(claimed).state().sku == "LAMP");
}

TEST_CASE("A claim with a bad field names it", "[batch_reference]") {
  const auto free = given<BatchReference>();
  free.when(ClaimBatchReference{"", "LAMP", "c"}).then_rejected(invalid_command, "batch_ref");
  free.when(ClaimBatchReference{"b1", "", "c"}).then_rejected(invalid_command, "sku");
  free.when(ClaimBatchReference{"b1", "LAMP", ""}).then_rejected(invalid_command, "claimed_by");
}

TEST_CASE("A batch reference's stream is that of the command's batch", "[batch_reference]") {
  CHECK(BatchReference::aggregate_id(claim) == "b1");
}
