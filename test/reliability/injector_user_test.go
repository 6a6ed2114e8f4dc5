// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import "context"

// await has the user act when the operator is about to have an effect for the next time.
func (i *injector) await(effect string, act func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.during, i.interfere = effect, act
}

// interrupt has the user act, once.
func (i *injector) interrupt(x *exchange) {
	i.mu.Lock()
	interfere := i.interfere
	if interfere == nil || x.effect != i.during {
		i.mu.Unlock()
		return
	}
	i.interfere = nil
	i.acted = len(i.points) - 1
	i.note("the user acts at %s", x.effect)
	i.mu.Unlock()
	interfere()
}

// alone has the user act while no effect on a resource of a name passes.
func (i *injector) alone(ctx context.Context, name string, act func() error) error {
	done, err := i.acquire(ctx, name)
	if err != nil {
		return err
	}
	defer done()
	return act()
}
