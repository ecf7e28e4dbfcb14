package cart

import (
	"os"
	"testing"
)

func total(prices ...int) int {
	sum := 0
	for _, price := range prices {
		sum += price
	}
	return sum
}

func TestIsEmptyAtFirst(t *testing.T) {
	if total() != 0 {
		t.Fail()
	}
}

func TestAddsUpPrices(t *testing.T) {
	if total(200, 350) != 550 {
		t.Fail()
	}
}

// Fails in the first attempt, so that there is something to rerun.
func TestWaitsForTheWarehouse(t *testing.T) {
	if os.Getenv("PROCTOR_ATTEMPT") == "1" {
		t.Fatal("the warehouse is waking up, try again")
	}
}
