// A counted reference for objects of one session, which lives on one thread: the count is a plain integer.
#ifndef CHAPERONE_DATAPLANE_SESSION_COUNTED_H_
#define CHAPERONE_DATAPLANE_SESSION_COUNTED_H_

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

namespace chaperone::session {

template <typename T>
using Counted = boost::intrusive_ref_counter<T, boost::thread_unsafe_counter>;

template <typename T>
using Ref = boost::intrusive_ptr<T>;

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_COUNTED_H_
